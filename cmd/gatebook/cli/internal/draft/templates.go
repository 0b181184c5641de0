package draft

// restartTemplate is the smallest runbook that shows what there is to show.
const restartTemplate = `# yaml-language-server: $schema=` + Schema + `
apiVersion: gatebook/v1
kind: Runbook
metadata:
  name: NAME
  version: 0.1.0            # of this runbook; raise it with every change
  title: Restart a service and see that it answers

# What the caller gives: gatebook run FILE -i url=… ; see gatebook plan FILE --help.
inputs:
  service: {type: string, default: nginx, description: The service to restart.}
  url: {type: string, default: "http://127.0.0.1:8080/healthz", description: What it answers.}

steps:
  # Each step comes after the one before it, unless it says "needs".
  - id: restart
    title: Restart the service
    uses: exec              # gatebook explain exec
    with:
      command: [systemctl, restart, "${{ inputs.service }}"]
      idempotent: true
    timeout: 1m
    rollback: {none: a restart cannot be undone}
    # What must hold afterwards, for the step to count as done.
    verify:
      - name: it answers
        observe: {uses: http.check, with: {url: "${{ inputs.url }}"}}
        expr: observed.status == 200
        message: the service does not answer after the restart
        within: 1m
        every: 2s

record:
  remark: restarted ${{ inputs.service }}
`

// upgradeTemplate is the usual shape of an upgrade.
const upgradeTemplate = `# yaml-language-server: $schema=` + Schema + `
apiVersion: gatebook/v1
kind: Runbook
metadata:
  name: NAME
  version: 0.1.0            # of this runbook; raise it with every change
  title: Upgrade a service, canary first
  owners: [team-web]
  lock: NAME                # two runs with one lock exclude each other

objectives: {rto: 30m}      # how long it may take; runs are compared with it

# What the caller gives: gatebook run FILE -i version=1.2.3
inputs:
  version:
    type: string
    pattern: ^[0-9]+\.[0-9]+\.[0-9]+$
    description: The version to roll out.
  previous:
    type: string
    pattern: ^[0-9]+\.[0-9]+\.[0-9]+$
    description: The version to go back to.
  environment: {type: string, default: staging, enum: [staging, production]}
  health: {type: string, default: "http://127.0.0.1:8080/healthz"}

# When a step fails: rollback takes back what was changed, the last first.
onFailure: rollback

steps:
  - id: before
    title: The service is healthy before it is touched
    uses: http.check
    with: {url: "${{ inputs.health }}"}

  - id: sign_off
    title: Somebody says yes
    uses: approve
    when: inputs.environment == "production"
    with: {message: "Roll out ${{ inputs.version }} to production?"}

  - id: canary
    title: Upgrade one instance
    uses: exec
    with:
      command: [echo, deploy, "${{ inputs.version }}", --only, canary]
      idempotent: true
    timeout: 5m
    retry: {attempts: 3, delay: 1s, maxDelay: 30s, factor: 2}
    # What must hold before the step starts.
    gate:
      - expr: inputs.version != inputs.previous
        message: there is nothing to upgrade
    # What must hold after it, and for how long.
    verify:
      - name: healthy
        observe: {uses: http.check, with: {url: "${{ inputs.health }}"}}
        expr: observed.status == 200
        message: the canary is not healthy
        within: 2m
        every: 5s
        hold: 20s
    rollback:
      uses: exec
      with:
        command: [echo, deploy, "${{ inputs.previous }}", --only, canary]
        idempotent: true

  - id: rest
    title: Upgrade the rest
    uses: exec
    with:
      command: [echo, deploy, "${{ inputs.version }}"]
      idempotent: true
    timeout: 20m
    rollback:
      uses: exec
      with:
        command: [echo, deploy, "${{ inputs.previous }}"]
        idempotent: true

# These run at the end, however it went.
finally:
  - id: after
    title: How the service is now
    uses: http.check
    with: {url: "${{ inputs.health }}"}

# What gatebook history says of the run.
record:
  environment: ${{ inputs.environment }}
  version: ${{ inputs.version }}
`
