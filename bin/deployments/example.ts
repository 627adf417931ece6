import type { GivenSettings } from '../../lib/settings.ts';

/** The deployment that runs when none is named: every default, and one web app. Copy it to make your own. */
export default {
  allowedOrigins: ['https://app.example.org'],
} satisfies GivenSettings;
