import { anything, aString, wants } from '../wishes.ts';
import { isKept, type Look } from './look.ts';

/** Of the user pool and its clients. */
export const ofSignIn: Readonly<Record<string, Look>> = {
  'AWS::Cognito::UserPool': (pool) => [
    ...wants(pool.Properties, {
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      SmsConfiguration: undefined,
      SmsAuthenticationMessage: undefined,
      DeviceConfiguration: undefined,
      AutoVerifiedAttributes: undefined,
      AliasAttributes: undefined,
      'AdminCreateUserConfig.AllowAdminCreateUserOnly': true,
      'AccountRecoverySetting.RecoveryMechanisms': [{ Name: 'admin_only', Priority: 1 }],
      DeletionProtection: 'ACTIVE',
      UserPoolTier: 'ESSENTIALS',
      'UsernameConfiguration.CaseSensitive': false,
      'LambdaConfig.PreTokenGenerationConfig.LambdaVersion': 'V3_0',
      'LambdaConfig.PreTokenGenerationConfig.LambdaArn': anything,
      'Policies.PasswordPolicy.MinimumLength': 14,
      'Policies.PasswordPolicy.RequireLowercase': true,
      'Policies.PasswordPolicy.RequireUppercase': true,
      'Policies.PasswordPolicy.RequireNumbers': true,
      'Policies.PasswordPolicy.RequireSymbols': true,
      'Policies.PasswordPolicy.TemporaryPasswordValidityDays': 3,
      Schema: [
        {
          AttributeDataType: 'String',
          Mutable: false,
          Name: 'person',
          StringAttributeConstraints: { MaxLength: '64', MinLength: '1' },
        },
      ],
    }),
    ...isKept(pool),
  ],

  'AWS::Cognito::UserPoolClient': (client) =>
    wants(client.Properties, {
      UserPoolId: anything,
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
      GenerateSecret: false,
      PreventUserExistenceErrors: 'ENABLED',
      EnableTokenRevocation: true,
      'RefreshTokenRotation.Feature': 'ENABLED',
      'RefreshTokenRotation.RetryGracePeriodSeconds': 60,
      AccessTokenValidity: 15,
      IdTokenValidity: 15,
      RefreshTokenValidity: 720,
      AuthSessionValidity: 3,
      TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
      AllowedOAuthFlowsUserPoolClient: false,
      AllowedOAuthFlows: undefined,
      SupportedIdentityProviders: ['COGNITO'],
      ReadAttributes: ['custom:person'],
      WriteAttributes: ['locale'], // absent or empty would let users write every standard attribute
    }),

  'AWS::Cognito::UserPoolResourceServer': (server) =>
    wants(server.Properties, {
      UserPoolId: anything,
      Identifier: 'wardline',
      Name: aString,
      Scopes: [
        { ScopeDescription: 'a person who signed in with MFA', ScopeName: 'user' },
        { ScopeDescription: 'a bot that showed its client’s secret', ScopeName: 'bot' },
      ],
    }),

  'AWS::Cognito::UserPoolDomain': (domain) =>
    wants(domain.Properties, {
      UserPoolId: anything,
      Domain: { 'Fn::Join': ['', ['wardline-', { Ref: 'AWS::AccountId' }]] },
      CustomDomainConfig: undefined,
    }),
};
