/** The outputs of a deployment, by stack as `cdk deploy --outputs-file` writes them. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Where a deployment is to be found. */
export type Addresses =
  | { readonly outputs: Outputs }
  | { readonly webSocketUrl: string; readonly httpApiUrl: string };

/** The two URLs, from outputs or as they were given. */
export function urlsOf(addresses: Addresses): { readonly webSocketUrl: string; readonly httpApiUrl: string } {
  if (!('outputs' in addresses)) return addresses;
  const { WebSocketUrl: webSocketUrl, HttpApiUrl: httpApiUrl }: Readonly<Record<string, string>> =
    Object.assign({}, ...Object.values(addresses.outputs));
  if (!webSocketUrl || !httpApiUrl) {
    throw new TypeError('these outputs lack WebSocketUrl or HttpApiUrl: give those of the deployment');
  }
  return { webSocketUrl, httpApiUrl };
}
