import type { Resource } from '../template/resource.ts';
import { flag, list, unsupported } from './properties.ts';

/** What a machine may have: a client that shows its secret at the token endpoint. */
export interface MachineGrant {
  /** The scopes of resource servers that it may ask for, and has where it asks for none. */
  readonly scopes: readonly string[];
}

/** Reads a client's OAuth properties, which do nothing while AllowedOAuthFlowsUserPoolClient is off. */
export function readMachineGrant(resource: Resource, hasSecret: boolean): MachineGrant | undefined {
  const { properties } = resource;
  if (!flag(properties.AllowedOAuthFlowsUserPoolClient, false)) return undefined;
  const flows = list(properties.AllowedOAuthFlows).map(String);
  const scopes = list(properties.AllowedOAuthScopes).map(String);
  if (!flows.includes('client_credentials')) throw unsupported(resource, 'AllowedOAuthFlows', flows); // the others begin at managed login
  if (flows.length > 1)
    throw refused(
      resource,
      'client_credentials flow can not be selected along with code flow or implicit flow',
    );
  if (!hasSecret)
    throw refused(
      resource,
      'client_credentials flow can not be selected if client does not have a client secret',
    );
  const ofPerson = scopes.find((scope) => PERSONS_SCOPES.has(scope));
  if (ofPerson !== undefined)
    throw refused(resource, `${ofPerson} is a scope of people, and client_credentials knows no person`);
  if (scopes.length === 0)
    throw refused(resource, 'client_credentials flow needs a scope of a resource server');
  return { scopes };
}

const PERSONS_SCOPES = new Set(['aws.cognito.signin.user.admin', 'email', 'openid', 'phone', 'profile']);

function refused(resource: Resource, why: string): Error {
  return new Error(`${resource.type} ${resource.logicalId}: ${why}`);
}
