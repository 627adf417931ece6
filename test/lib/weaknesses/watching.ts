import {
  alarmOfTrail,
  filterWeaknesses,
  ofTrail,
  topicPolicyWeaknesses,
  topicWeaknesses,
  trailWeaknesses,
} from '../trail-weaknesses.ts';
import { aKeyOfOurs, wants } from '../wishes.ts';
import { isKept, type Look } from './look.ts';

/** Of the trail, logs and alarms. */
export const ofWatching: Readonly<Record<string, Look>> = {
  'AWS::CloudTrail::Trail': trailWeaknesses,

  'AWS::SNS::Topic': topicWeaknesses,

  'AWS::SNS::TopicPolicy': topicPolicyWeaknesses,

  'AWS::Logs::MetricFilter': filterWeaknesses,

  'AWS::CloudWatch::Alarm': (alarm) =>
    wants(
      alarm.Properties,
      ofTrail(alarm)
        ? alarmOfTrail(alarm)
        : {
            Namespace: 'Wardline',
            MetricName: alarm.path.split('/')[0],
            'AlarmActions.0': (topic) => /TrailAlarmsTopic/.test(JSON.stringify(topic)),
            'AlarmActions.1': undefined,
            'Dimensions.0': { Name: 'service', Value: 'wardline' },
            'Dimensions.1': undefined,
            Statistic: 'Maximum',
            Period: 300,
            Threshold: 1,
            EvaluationPeriods: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'notBreaching',
            AlarmDescription: `docs/runbook.md, "${alarm.path.split('/')[0]}"`,
          },
    ),

  'AWS::Logs::SubscriptionFilter': (filter) =>
    wants(filter.Properties, {
      LogGroupName: (value) => /AccessLog/.test(JSON.stringify(value)),
      DestinationArn: (value) => /RecordGatewayRefusals/.test(JSON.stringify(value)),
      FilterPattern: filter.path.startsWith('SocketRefusals/')
        ? '{ ($.status = "4*") && ($.functionStatus = "-") && ($.status != "403") }'
        : '{ ($.status = "4*") && ($.functionStatus = "-") }',
    }),

  'AWS::Logs::LogGroup': (group) => [
    ...wants(group.Properties, { KmsKeyId: aKeyOfOurs, RetentionInDays: 3653 }),
    ...isKept(group),
  ],
};
