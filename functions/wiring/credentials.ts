import { fromEnv } from '@aws-sdk/credential-provider-env';

/** What every client of the SDK asks for credentials where it is given none; `lib/bundle.ts` puts it in the place of the SDK's own. */
export const defaultProvider = fromEnv;
