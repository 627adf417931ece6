import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { HIPAASecurityChecks } from 'cdk-nag';
import { AuditStack } from './audit-stack.ts';
import { DataStack } from './data-stack.ts';
import { Door } from './door.ts';
import { MessagingStack } from './messaging-stack.ts';
import { PersonRole } from './person-role.ts';
import type { Settings } from './settings.ts';

/**
 * The three stacks, by how long things live. Feature flags and what `cdk` would put into a template stand here, stronger
 * than cdk.json and the command line, so that `cdk synth` and a bare run of the app give the same templates.
 */
export function wardline(
  settings: Settings,
  { context, ...options }: Omit<AppProps, 'postCliContext'> = {},
): App {
  const app = new App({
    ...options,
    analyticsReporting: false, // a resource of its own, which is no part of the stack
    postCliContext: { ...fixedContext, ...context },
  });
  Validations.of(app).addPlugins(new HIPAASecurityChecks(app));

  const data = new DataStack(app, `${settings.name}-Data`, settings);
  const audit = new AuditStack(app, `${settings.name}-Audit`, { settings, data });
  new MessagingStack(app, `${settings.name}-Messaging`, { settings, data, audit });
  for (const construct of app.node.findAll())
    if (construct instanceof Door || construct instanceof PersonRole) construct.keepWithin(data.doorBoundary);
  return app;
}

const fixedContext = {
  'aws:cdk:enable-path-metadata': true,
  'aws:cdk:enable-asset-metadata': true,
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/core:annotationsInValidationReport': true,
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
  '@aws-cdk/core:enableAdditionalMetadataCollection': false,
  '@aws-cdk/aws-apigateway:logGroupDestinationArnWithoutWildcard': true,
  '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/core:stackRelativeExports': true,
};
