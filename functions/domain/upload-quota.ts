import type { PersonId } from '../../protocol/ids.ts';

/** What one person may begin to upload on one day, which is one of UTC. */
export interface UploadQuota {
  readonly bytes: number;
  readonly uploads: number;
}

/** What everybody has begun to upload, by the day. */
export interface UploadCounts {
  /** Counts one more upload of these bytes; false, and nothing is counted, where the quota of that day does not hold it. */
  add(upload: { readonly uploader: PersonId; readonly bytes: number; readonly at: number }): Promise<boolean>;
}
