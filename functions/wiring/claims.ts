/** The scope that only the pre-token trigger gives, and only to access tokens: an ID token opens nothing. */
export const SCOPE = 'wardline/user';

/** The scope of bots' clients, which no route takes: a bot speaks over its socket alone. */
export const BOT_SCOPE = 'wardline/bot';
