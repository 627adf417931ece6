import type { Deployment } from './deployment.mjs';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  expiresInSeconds: number;
}

export declare function signIn(
  deployment: Deployment,
  person: { username: string; password: string; newPassword?: string; totpSecret?: string },
): Promise<Tokens & { totpSecret: string }>;

export declare function renewTokens(deployment: Deployment, refreshToken: string): Promise<Tokens>;
