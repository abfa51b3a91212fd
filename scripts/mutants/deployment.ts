import type { Mutant } from './list.ts';

const deployment = { file: 'deploy/base/deployment.yaml', test: 'tests/packaging/deployment.test.ts' };
const scaling = { file: 'deploy/components/autoscaling/scaled-object.yaml', test: 'tests/packaging/deployment.test.ts' };
const program = { file: 'deploy/components/program/config.yaml', test: 'tests/packaging/deployment.test.ts' };
const script = { file: 'deploy/deploy.sh', test: 'tests/packaging/deploy-script.test.ts' };
const publish = { file: 'scripts/publish-image.sh', test: 'tests/packaging/image-scripts.test.ts' };
const nginx = { file: 'deploy/nginx/nginx.conf', test: 'tests/packaging/nginx.test.ts' };

/** Faults of what is deployed: bounds that do not fit each other, open doors, scripts that go on where they must not. */
export const deploymentMutants: readonly Mutant[] = [
  {
    ...deployment, name: 'a grace period shorter than the drain',
    find: 'terminationGracePeriodSeconds: 45', replace: 'terminationGracePeriodSeconds: 35',
    shows: 'leave time to drain before they are killed',
  },
  {
    ...deployment, name: 'a pod that may hold more than its memory',
    find: '              memory: 512Mi', replace: '              memory: 256Mi',
    shows: 'hold what the daemon may hold at most',
  },
  {
    ...deployment, name: 'a new pod only when an old one has gone',
    find: 'maxUnavailable: 0', replace: 'maxUnavailable: 1',
    shows: 'are never fewer during a roll-out',
  },
  {
    ...deployment, name: 'a container that keeps a capability',
    find: 'drop: ["ALL"]', replace: 'drop: ["NET_RAW"]',
    shows: 'are let in by the strictest of the pod security standards',
  },
  {
    file: 'deploy/base/service.yaml', test: deployment.test, name: 'a Service that sends requests to the migration',
    find: '    app.kubernetes.io/component: pipeline\n  ports', replace: '  ports',
    shows: 'the migration by none',
  },
  {
    ...scaling, name: 'a threshold that no queue can reach',
    find: 'threshold: "50"', replace: 'threshold: "250"',
    shows: 'can be triggered at every number of pods',
  },
  {
    ...scaling, name: 'a threshold that sends busy pods away',
    find: 'lagThreshold: "35000"', replace: 'lagThreshold: "100000"',
    shows: 'sends no pod away that is busy, whose records are only not committed yet',
  },
  {
    ...scaling, name: 'more pods than partitions',
    find: 'maxReplicaCount: 12', replace: 'maxReplicaCount: 20',
    shows: 'never makes more pods than there are partitions',
  },
  {
    ...program, name: 'a group that nobody scales',
    find: 'group_id: mdp', replace: 'group_id: bars',
    shows: 'reads the lag of the group and of the topic that the pods read',
  },
  {
    file: 'deploy/components/security/allow-egress.yaml', test: 'tests/packaging/security.test.ts',
    name: 'no way to the brokers',
    find: '        - protocol: TCP\n          port: 9093\n', replace: '',
    shows: 'let out to where the configuration',
  },
  {
    file: 'deploy/components/ingress/ingress.yaml', test: 'tests/packaging/security.test.ts', name: 'metrics for everybody',
    find: '          - path: /docs\n            pathType: Prefix\n',
    replace: '          - path: /metrics\n            pathType: Prefix\n',
    shows: 'leads neither to the metrics nor to the details of health',
  },
  {
    file: 'deploy/components/monitoring/prometheus-rule.yaml', test: 'tests/packaging/manifests.test.ts',
    name: 'an alert of the cluster that is another one',
    find: 'expr: up{job="mdp"} == 0', replace: 'expr: up{job="mdp"} == 1',
    shows: 'have the same groups, rule for rule',
  },
  {
    ...script, name: 'pods that are changed although the schema was not',
    find: '        fail "The schema could not', replace: '        return 0; fail "The schema could not',
    shows: 'changes no pod where the schema could not be brought to its version',
  },
  {
    ...script, name: 'a deployment without a look for the operators',
    find: '|| fail "The cluster knows no $2', replace: '|| say "The cluster knows no $2',
    shows: 'begins nothing without the Secret',
  },
  {
    ...script, name: 'an answer of which only the first half is heard',
    find: 'grep -q "^$2\\." <<<"$known" ||', replace: 'cluster api-resources | grep -q "^$2\\." ||',
    shows: 'brings the schema first, then the pods, and waits for both',
  },
  {
    ...publish, name: 'a dry run that pushes',
    find: 'if [ -n "$dry_run" ]; then\n  say "Nothing was pushed."\n  exit 0\nfi', replace: 'say "Nothing was pushed."',
    shows: 'never pushes with --dry-run',
  },
  {
    ...publish, name: 'a version that is written over',
    find: 'if [ -z "$dry_run" ] && docker manifest', replace: 'if false && docker manifest',
    shows: 'never writes over a version',
  },
  {
    ...nginx, name: 'a client that is believed about its address',
    find: 'X-Forwarded-For $remote_addr', replace: 'X-Forwarded-For $proxy_add_x_forwarded_for',
    shows: 'with the address that it sees and not with one that the client claims',
  },
  {
    ...nginx, name: 'a limit that nobody meets',
    find: 'rate=20r/s', replace: 'rate=20000r/s',
    shows: 'answers 429 to a client that asks too often',
  },
  {
    file: 'docker-compose.prod.yml', test: 'tests/packaging/compose.test.ts', name: 'a database that others reach',
    find: '    volumes: ["timescaledb:/var', replace: '    ports: ["5432:5432"]\n    volumes: ["timescaledb:/var',
    shows: 'publishes nothing to other machines but the doors of nginx',
  },
];
