import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was downloaded once is kept for every clone on this machine: the XDG base directory specification's cache. */
export const cacheDirectory = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'wardline');
