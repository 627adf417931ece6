import middy from '@middy/core';
import { reportFault } from './report.ts';

/** The door of an event that is neither a frame nor a request: a fault leaves it without the message it came with. */
export function onEvent<Event, Answer>(metric: string, run: (event: Event) => Promise<Answer>) {
  return middy<Event, Answer, Error>()
    .onError((request) => {
      request.error = reportFault(metric, request.context.awsRequestId, request.error);
    })
    .handler(run);
}
