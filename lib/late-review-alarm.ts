import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { acknowledge, alarmFindings } from './acknowledgements.ts';

/**
 * Stands from 72 hours after an emergency access that nobody has reviewed until a privacy officer does. What to do: docs/runbook.md, "An
 * emergency access was not reviewed".
 */
export class LateReviewAlarm extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const alarm = new Alarm(this, 'Alarm', {
      alarmDescription:
        'An emergency access was not reviewed within 72 hours: docs/runbook.md, "An emergency access was not reviewed"',
      metric: new Metric({
        namespace: 'Wardline',
        metricName: 'UnreviewedEmergencies',
        dimensionsMap: { service: 'wardline' },
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING, // nothing is counted while nothing is late
    });
    acknowledge(alarm, alarmFindings);
  }
}
