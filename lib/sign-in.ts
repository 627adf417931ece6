import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  ClientAttributes,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  ResourceServerScope,
  StandardThreatProtectionMode,
  StringAttribute,
  UserPool,
  type UserPoolClient,
  type UserPoolDomain,
  UserPoolOperation,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { BOT_SCOPE, SCOPE } from '../functions/wiring/claims.ts';
import { env } from '../functions/wiring/env-names.ts';
import { Door } from './door.ts';
import type { Logs } from './logs.ts';
import type { PeopleStore } from './people-store.ts';
import type { Settings } from './settings.ts';

export interface SignInProps {
  readonly settings: Settings['signIn'];
  readonly people: PeopleStore;
  readonly logs: Logs;
  readonly protect: boolean;
  /** The deployment's name, by which the domain for machines begins. */
  readonly deployment: string;
}

/**
 * How people sign in: accounts made by an administrator, password by SRP, and a TOTP code every time. Nothing is sent by
 * SMS, no device is remembered, nobody recovers an account alone.
 */
export class SignIn extends Construct {
  readonly pool: UserPool;
  readonly client: UserPoolClient;
  private readonly domain: UserPoolDomain;

  constructor(scope: Construct, id: string, props: SignInProps) {
    super(scope, id);
    const { plan, accessTokenMinutes, refreshTokenHours } = props.settings;

    this.pool = new UserPool(this, 'People', {
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      signInCaseSensitive: false,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.NONE,
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      customAttributes: {
        person: new StringAttribute({ minLen: 1, maxLen: 64, mutable: false }),
      },
      featurePlan: plan === 'plus' ? FeaturePlan.PLUS : FeaturePlan.ESSENTIALS,
      standardThreatProtectionMode: plan === 'plus' ? StandardThreatProtectionMode.FULL_FUNCTION : undefined,
      deletionProtection: props.protect,
      removalPolicy: props.protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });

    const addClaims = new Door(this, 'AddClaims', { pace: 'gate', logs: props.logs });
    props.people.letRead(addClaims);
    this.pool.addTrigger(
      UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      addClaims.function,
      LambdaVersion.V3_0, // the only one that is asked about machines
    );

    // A scope that the trigger adds has to be one of a resource server (re:Post, "custom scopes in the access token when
    // I make an InitiateAuth API call"). No client may ask for it: OAuth is off.
    const [identifier = '', userScope = ''] = SCOPE.split('/');
    const [, botScope = ''] = BOT_SCOPE.split('/');
    this.pool.addResourceServer('Scopes', {
      identifier,
      scopes: [
        new ResourceServerScope({
          scopeName: userScope,
          scopeDescription: 'a person who signed in with MFA',
        }),
        new ResourceServerScope({
          scopeName: botScope,
          scopeDescription: 'a bot that showed its client’s secret',
        }),
      ],
    });

    // Where bots get their tokens. Nobody signs in there: the one client of people has no OAuth flow.
    const domainPrefix = `${props.deployment.toLowerCase()}-${Aws.ACCOUNT_ID}`;
    this.domain = this.pool.addDomain('Machines', { cognitoDomain: { domainPrefix } });

    this.client = this.pool.addClient('App', {
      generateSecret: false,
      disableOAuth: true,
      authFlows: { userSrp: true },
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      authSessionValidity: Duration.minutes(3),
      accessTokenValidity: Duration.minutes(accessTokenMinutes),
      idTokenValidity: Duration.minutes(accessTokenMinutes),
      refreshTokenValidity: Duration.hours(refreshTokenHours),
      // The longest that Cognito takes: a phone that lost the reply may ask once more with the token it has.
      refreshTokenRotationGracePeriod: Duration.seconds(60),
      readAttributes: new ClientAttributes().withCustomAttributes('person'),
      // No list, or an empty one, lets users write every standard attribute (CreateUserPoolClient, WriteAttributes), so
      // the one that says nothing about a person has to stand here. Nothing of ours reads it.
      writeAttributes: new ClientAttributes().withStandardAttributes({ locale: true }),
    });
  }

  /** Where a bot shows its client's secret and gets a token. */
  get tokenUrl(): string {
    return `${this.domain.baseUrl()}/oauth2/token`;
  }

  /** Lets `door` end every refresh token of a person. */
  letSignOut(door: Door): void {
    this.lend(door, 'SignOutEverywhere', ['AdminUserGlobalSignOut']);
  }

  /** Lets `door` make users with a temporary password, and set nobody's that stands; the pool asks them for one of their own and for MFA. */
  letCreate(door: Door): void {
    this.lend(door, 'CreateUsers', ['AdminCreateUser', 'AdminGetUser']);
  }

  /** Lets `door` shut a user out. */
  letDisable(door: Door): void {
    this.lend(door, 'DisableUsers', ['AdminDisableUser']);
  }

  /** Lets `door` let a user in again. */
  letEnable(door: Door): void {
    this.lend(door, 'EnableUsers', ['AdminEnableUser']);
  }

  /** Tells `door` whose tokens to trust; their signing keys are public, so it takes no permission. */
  letVerify(door: Door): void {
    door.tell(env.userPoolId, this.pool.userPoolId);
    door.tell(env.userPoolClientId, this.client.userPoolClientId);
  }

  private lend(door: Door, name: string, actions: readonly string[]): void {
    door.lend({
      name,
      actions: actions.map((action) => `cognito-idp:${action}`),
      resources: [this.pool.userPoolArn],
    });
    door.tell(env.userPoolId, this.pool.userPoolId);
  }
}
