/** The scope that only the pre-token trigger gives, and only to access tokens: an ID token opens nothing. */
export const SCOPE = 'wardline/user';
