import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { TrailAlarms } from './trail-alarms.ts';

export interface OwnAlarmProps {
  /** The metric that a door counts, which is there only where there is something to count; and the runbook's heading. */
  readonly metricName: string;
  /** Whose topic it tells. */
  readonly alarms: TrailAlarms;
}

/** Stands while one of our own doors counts what must not be. What to do: docs/runbook.md, under the metric's name. */
export class OwnAlarm extends Construct {
  constructor(scope: Construct, id: string, { metricName, alarms }: OwnAlarmProps) {
    super(scope, id);
    const alarm = new Alarm(this, 'Alarm', {
      alarmDescription: `docs/runbook.md, "${metricName}"`,
      metric: new Metric({
        namespace: 'Wardline',
        metricName,
        dimensionsMap: { service: 'wardline' },
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING, // nothing is counted while all is well
    });
    alarms.wake(alarm);
  }
}
