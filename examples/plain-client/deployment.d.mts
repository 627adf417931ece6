export interface Deployment {
  region: string;
  userPoolId: string;
  userPoolClientId: string;
  webSocketUrl: string;
  httpApiUrl: string;
  endpoint?: string;
}

export declare function readDeployment(file: string): Deployment;
export declare function deploymentOf(
  outputs: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Deployment;
