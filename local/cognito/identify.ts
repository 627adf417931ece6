import type { Identify } from '../template/resource.ts';
import { issuerOf, poolArn } from './pools.ts';

/** `us-east-1_` and nine characters; attributes Arn, ProviderName, ProviderURL, UserPoolId. */
export const identifyUserPool: Identify = ({ account, seed }) => {
  const id = `${account.region}_${seed.slice(0, 9)}`;
  const url = issuerOf(account, id);
  return {
    ref: id,
    attributes: {
      Arn: poolArn(account, id),
      ProviderName: url.slice('https://'.length),
      ProviderURL: url,
      UserPoolId: id,
    },
  };
};

/** 26 lower-case letters and digits; attribute ClientId. */
export const identifyUserPoolClient: Identify = ({ seed }) => ({ ref: seed, attributes: { ClientId: seed } });

/** The identifier that the template gives it. */
export const identifyUserPoolResourceServer: Identify = ({ property, logicalId }) => ({
  ref: String(property('Identifier') ?? logicalId),
  attributes: {},
});

/** The group's name, or one made of the logical id where the template names none. */
export const identifyUserPoolGroup: Identify = ({ property, logicalId, seed }) => ({
  ref: String(property('GroupName') ?? `${logicalId}-${seed.slice(0, 12)}`),
  attributes: {},
});

/** The domain's prefix. */
export const identifyUserPoolDomain: Identify = ({ property, logicalId }) => ({
  ref: String(property('Domain') ?? logicalId),
  attributes: {},
});

export const cognitoIdentities: Readonly<Record<string, Identify>> = {
  'AWS::Cognito::UserPool': identifyUserPool,
  'AWS::Cognito::UserPoolClient': identifyUserPoolClient,
  'AWS::Cognito::UserPoolResourceServer': identifyUserPoolResourceServer,
  'AWS::Cognito::UserPoolDomain': identifyUserPoolDomain,
  'AWS::Cognito::UserPoolGroup': identifyUserPoolGroup,
};
