/// What `rota init` writes.
enum StarterFiles {
    static let configuration = """
        # Rota's configuration. Relative paths are relative to this file.
        # A secret is never written here: refer to it with env:NAME, file:PATH (mode 0600) or
        # credential:NAME (systemd's LoadCredential).

        store: sqlite:rota.db
        policies: Policies

        # token-prefix: rota              # how values begin, so that secret scanners can tell them

        # scopes:                         # what tokens may be given; checked where they are made
        #   - { name: "export:read", description: Read exports, access: read }
        #   - { name: "ingest:write", description: Write into ingestion, access: write }

        vaults:
          local: { kind: directory, path: secrets }
          # main:                         # HashiCorp Vault or OpenBao
          #   kind: vault-kv2
          #   address: https://bao.internal:8200
          #   mount: secret
          #   auth: { token: file:/etc/rota/bao-token }
          # aws:                          # destinations are aws:NAME or aws:NAME#key
          #   kind: aws-secrets-manager
          #   region: eu-west-1
          #   auth: environment           # or access-key and secret-key, a profile, a web-identity
          # ci:                           # any endpoint; destinations are ci:PATH#FIELD
          #   kind: http
          #   write:
          #     method: PUT
          #     url: "https://ci.internal/projects/{{path}}/variables/{{field}}"
          #     headers: { Content-Type: application/json }
          #     body: '{"value": "{{value}}"}'
          #   read: { url: "https://ci.internal/projects/{{path}}/variables/{{field}}", value: /value }
          #   credential: { header: Authorization, prefix: "Bearer ", secret: file:ci-token }

        # webhooks:
        #   security:
        #     url: https://hooks.internal/rota
        #     secret: file:whsec
        #     events: ["token.*", "policy.*"]
        #     allow-addresses: ["10.0.0.0/8"]

        # waivers: { longest: 90d }       # how long an exception from a policy may last; else 366d

        # server:                         # what 'rota serve' answers on: introspection, revocation, forward-auth
        #   listen: "127.0.0.1:8470"      # or unix:/run/rota/rota.sock, which its group may connect to
        #   tls: { certificate: server.pem, key: file:server.key }    # needed anywhere but on loopback
        #   trusted-proxies: ["10.0.0.5"] # whose X-Forwarded-For says where a request came from
        #   limits: { connections: 4096, connections-per-address: 256, request-time: 10s, idle-time: 75s }

        audit: { key: file:audit.key }            # what signs the audit log; 'rota audit key' prints its public half

        # witnesses:                      # who is given what was signed, out of the hands of who runs this
        #   share: { kind: file, path: /mnt/write-once/rota }         # a file for each checkpoint, never touched again
        #   auditor:
        #     kind: email
        #     server: smtp://mail.internal:587
        #     from: rota@example.com
        #     to: auditor@example.com
        #     user: rota
        #     password: file:smtp-password
        #     every: 7d                   # else 24h, and only if the log has grown

        # log: { format: logfmt, level: info }     # of 'rota serve'; or json; debug tells every request
        # schedule: { every: 1h }         # when 'rota serve' runs policies that have no schedule of their own

        limits: { actions: 500, percent: 20 }   # a plan over these is refused as a whole

        """

    static let policy = """
        # The first policy: it looks and reports, and changes nothing. When 'rota plan' and 'rota report' say
        # what you expect, set 'mode: enforce' and the actions that you want.
        version: 1
        policies:
          - name: baseline
            description: Values turn over every quarter, nothing idles, everything has an end.
            mode: observe                 # observe: report | warn: report and notify | enforce: act
            match: all
            rules:
              - max-age: 90d
                action: rotate
                start-before: 3d
                overlap: 24h
              - unused-for: 90d
                action: notify
              - expiry: { required: true, max-lifetime: 366d }
                action: notify

        """
}
