import {
  type Emergencies,
  type Emergency,
  reviewDue,
  type TellingRooms,
  TOLD_AGAIN_MS,
  tellPrivacyOfficers,
} from './emergency.ts';

export interface WatchingRooms extends TellingRooms {
  readonly emergencies: Pick<Emergencies, 'waiting' | 'noteTold'>;
  /** Records that a review is late, for whoever is on duty. */
  readonly late: (emergency: Emergency) => void;
}

/**
 * Looks after what awaits its review: tells the privacy officers where that failed at the opening, and once the review is late again each
 * day. Gives how many are late. Run twice, or by two at once, it tells twice and no more.
 */
export async function watchEmergencies(rooms: WatchingRooms): Promise<number> {
  const waiting = await rooms.emergencies.waiting();
  const now = rooms.now();
  const late = waiting.filter((emergency) => reviewDue(emergency) <= now);
  for (const emergency of waiting) {
    if (emergency.toldAt === undefined) await tellPrivacyOfficers(rooms, emergency, false);
  }
  for (const emergency of late) {
    if (now - (emergency.alarmedAt ?? 0) < TOLD_AGAIN_MS) continue;
    rooms.late(emergency);
    await tellPrivacyOfficers(rooms, emergency, true);
  }
  return late.length;
}
