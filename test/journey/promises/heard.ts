type Frame = Readonly<Record<string, unknown>>;

/** The `seq` of every entry of a conversation that stands in any of these frames, pushes and pages alike. */
export function placesIn(frames: readonly Frame[], conversationId: string): number[] {
  return frames
    .flatMap((frame) => [frame, ...list(frame.conversations)])
    .filter((part) => part.conversationId === conversationId)
    .flatMap((part) => (part.type === 'message.new' ? [part] : list(part.entries)))
    .map(({ seq }) => Number(seq));
}

function list(value: unknown): readonly Frame[] {
  return Array.isArray(value) ? value : [];
}
