import type { NotifyChannel } from '../route.ts';
import { groupHeadline, recordLines } from './text.ts';

/** Writes alerts where the agent writes its log lines: a first day without any receiver. */
export function logChannel(write: (text: string) => void): NotifyChannel {
  return {
    kind: 'log',
    render: (group) => ({
      subject: groupHeadline(group),
      contentType: 'text/plain; charset=utf-8',
      body: group.records.flatMap(recordLines).join('\n'),
    }),
    async send(message) {
      write(message.body);
      return { kind: 'sent' };
    },
  };
}
