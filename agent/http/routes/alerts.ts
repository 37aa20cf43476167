import { findAlerts, readAlertChanges } from '../../store/queries.ts';
import { COMMENT, given, notFound, PAGE, pageOf, word } from '../parameters.ts';
import type { Route } from '../route.ts';
import { list, object, page } from '../schema.ts';
import { ACCEPTED, ALERT, ALERT_CHANGE } from '../shapes.ts';

export const listAlerts: Route = {
  method: 'GET',
  path: '/api/v1/alerts',
  name: 'listAlerts',
  summary: 'Alerts, the one that changed last first',
  role: 'viewer',
  query: {
    status: word('open is at-risk and firing', 'open', 'at-risk', 'firing', 'resolved', 'withdrawn'),
    rule: word('name of a rule'),
    partner: word('whom it is about'),
    shipmentId: word('of one shipment'),
    ...PAGE,
  },
  answer: page(ALERT),
  asksStore: true,
  async handle({ query }, services) {
    const filter = { ...given(query, 'status', 'rule', 'partner', 'shipmentId'), ...pageOf(query) };
    return { json: await findAlerts(services.store(), filter) };
  },
};

export const readAlert: Route = {
  method: 'GET',
  path: '/api/v1/alerts/{id}/changes',
  name: 'listAlertChanges',
  summary: 'Every change of an alert, in order',
  role: 'viewer',
  answer: object({ rows: list(ALERT_CHANGE) }),
  asksStore: true,
  async handle({ path }, services) {
    const rows = await readAlertChanges(services.store(), path.id!);
    if (rows.length === 0) throw notFound(`alert ${path.id}`);
    return { json: { rows } };
  },
};

export const acknowledgeAlert: Route = {
  method: 'POST',
  path: '/api/v1/alerts/{id}/acknowledge',
  name: 'acknowledgeAlert',
  summary: 'Take charge of an alert: it is told again only when it ends or is confirmed',
  role: 'operator',
  body: { properties: COMMENT },
  answer: ACCEPTED,
  asksStore: true,
  async handle({ path, body, caller }, services) {
    const subject = path.id!;
    if ((await readAlertChanges(services.store(), subject)).length === 0) throw notFound(`alert ${subject}`);
    const comment = String(body.comment ?? '');
    return {
      json: await services.main.append({ action: 'acknowledge', subject, by: caller!.name, comment }),
    };
  },
};
