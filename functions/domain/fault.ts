/** Something that must not happen has. The message is ours and holds ids alone, so it may be logged as it is. */
export class Fault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Fault';
  }
}
