{{- define "archwire.name" -}}
{{- if contains "archwire" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-archwire" (.Release.Name | trunc 31 | trimSuffix "-") }}{{ end }}
{{- end }}

{{/* Labels that select: (list $ "part") */}}
{{- define "archwire.selector" -}}
app.kubernetes.io/name: archwire
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "archwire.labels" -}}
{{ include "archwire.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Values.image.tag | default (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end }}

{{/* A reference to an image: (list $ "service") */}}
{{- define "archwire.image" -}}
{{- $image := (index . 0).Values.image }}
{{- $reference := printf "%s%s" $image.registry (get $image (index . 1)) }}
{{- with get $image.digest (index . 1) }}{{ printf "%s@%s" $reference . }}{{ else }}{{ printf "%s:%s" $reference ($image.tag | default (index . 0).Chart.AppVersion) }}{{ end }}
{{- end }}

{{/* What every pod of ours promises: Pod Security "restricted", a read-only root, no token. */}}
{{- define "archwire.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "archwire.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Environment of a part, and where its secrets are: (list $ part) with databases, keys, secrets, kafka, calls */}}
{{- define "archwire.environment" -}}
{{- $values := (index . 0).Values }}
{{- $part := index . 1 }}
- {name: ARCHWIRE_ENV, value: production}
- {name: ARCHWIRE_PUBLIC_URL, value: {{ $values.publicUrl | quote }}}
{{- if $part.kafka }}
- {name: KAFKA_BOOTSTRAP_SERVERS, value: {{ $values.kafka | quote }}}
{{- end }}
{{- with $values.telemetry }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- range $name, $value := $values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- range $part.databases }}
- {name: {{ eq . "owner" | ternary "DATABASE_URL_FILE" (printf "ARCHWIRE_%s_DATABASE_URL_FILE" (upper .)) }}, value: /run/archwire/database/{{ . }}}
{{- end }}
{{- range $part.secrets }}
{{- if hasKey $values.secretSettings . }}
- {name: {{ . }}_FILE, value: /run/archwire/settings/{{ . }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "archwire.mounts" -}}
{{- $part := index . 1 }}
- {name: tmp, mountPath: /tmp}
- {name: files, mountPath: /data}
{{- if $part.keys }}
- {name: keys, mountPath: /keys, readOnly: true}
{{- end }}
- {name: secrets, mountPath: /run/archwire, readOnly: true}
{{- end }}

{{- define "archwire.volumes" -}}
{{- $root := index . 0 }}
{{- $part := index . 1 }}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 64Mi}
- name: files
{{- if $part.files }}
  persistentVolumeClaim: {claimName: {{ $root.Values.files.claim | default (printf "%s-files" (include "archwire.name" $root)) }}}
{{- else }}
  emptyDir: {sizeLimit: 64Mi}
{{- end }}
{{- if $part.keys }}
- name: keys
  secret:
    secretName: {{ $root.Values.keysSecret }}
    defaultMode: 0440
    items:
{{- range $part.keys }}
      - {key: {{ . }}, path: {{ . }}}
{{- end }}
{{- end }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
{{- range $part.databases }}
      - secret: {name: {{ $root.Values.databaseSecret }}, items: [{key: {{ . }}, path: database/{{ . }}}]}
{{- end }}
{{- range $name := $part.secrets }}
{{- with get $root.Values.secretSettings $name }}
      - secret: {name: {{ .secret }}, items: [{key: {{ .key }}, path: settings/{{ $name }}}]}
{{- end }}
{{- end }}
{{- end }}
