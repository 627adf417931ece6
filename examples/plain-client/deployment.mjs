import { readFileSync } from 'node:fs';

/** What a client needs of a deployment, out of the file that `cdk deploy --outputs-file` or `npm start` wrote. */
export function readDeployment(file) {
  return deploymentOf(JSON.parse(readFileSync(file, 'utf8')));
}

export function deploymentOf(outputs) {
  const all = Object.assign({}, ...Object.values(outputs));
  return {
    region: all.Region,
    userPoolId: all.UserPoolId,
    userPoolClientId: all.UserPoolClientId,
    webSocketUrl: all.WebSocketUrl,
    httpApiUrl: all.HttpApiUrl,
    endpoint: all.AwsEndpointUrl, // a local run's; on AWS the SDK knows where Cognito is
  };
}
