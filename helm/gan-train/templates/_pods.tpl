{{- /* Settings of a pod, of (dict "root" $ "component" NAME "values" VALUES). What Pod Security "restricted" asks for can't be overridden. */}}
{{- define "gan-train.podSettings" -}}
{{- $root := .root }}
{{- $values := .values }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* Else a Service's address comes as GAN_TRAIN_..., which are the program's own. */}}
enableServiceLinks: false
securityContext:
  {{- range $key, $value := $root.Values.podSecurityContext }}
  {{- if not (or (kindIs "invalid" $value) (has $key (list "runAsNonRoot" "seccompProfile"))) }}
  {{ $key }}: {{ toJson $value }}
  {{- end }}
  {{- end }}
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- with $values.priorityClassName }}
priorityClassName: {{ quote . }}
{{- end }}
{{- with $values.schedulerName }}
schedulerName: {{ quote . }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ quote . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- $own := dict "labelSelector" (dict "matchLabels" (include "gan-train.selectorLabels" $ | fromYaml)) }}
  {{- range . }}
  {{- /* One of the user's stays as it is: merged with ours it would select less. */}}
  - {{ ternary . (merge (dict) $own .) (kindIs "map" .labelSelector) | toYaml | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "gan-train.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Environment of (dict "root" $ "values" VALUES "own" VARIABLES): of variables that the user names too, the user's, since a server-side
apply refuses a name that is there twice. */}}
{{- define "gan-train.env" -}}
{{- $own := list }}
{{- range $name, $field := dict "POD_IP" "status.podIP" "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "POD_UID" "metadata.uid" }}
{{- $own = append $own (dict "name" $name "valueFrom" (dict "fieldRef" (dict "fieldPath" $field))) }}
{{- end }}
{{- $own = append $own (dict "name" "GAN_TRAIN_LOG_LEVEL" "value" .root.Values.logLevel) }}
{{- $given := .values.extraEnv | default list }}
{{- $names := list }}
{{- range $given }}
{{- $names = append $names .name }}
{{- end }}
env:
{{- range concat $own (.own | default list) }}
{{- if not (has .name $names) }}
  - {{ toYaml . | nindent 4 | trim }}
{{- end }}
{{- end }}
{{- with $given }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Probes of the HTTP port; `failureThreshold`s are what the periods make of the seconds asked for. */}}
{{- define "gan-train.probes" -}}
startupProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: {{ max 1 (div (int .startupSeconds) 2) }}
livenessProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet:
    path: /readyz
    port: http
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{- /* The directory of a role's certificate, whole, so that it follows the secret. Of (dict "root" $ "role" ROLE). */}}
{{- define "gan-train.tlsVolume" -}}
- name: tls
  secret:
    secretName: {{ include "gan-train.tlsSecret" . | quote }}
    defaultMode: 288 # 0440
{{- end }}

{{- define "gan-train.tlsMount" -}}
- name: tls
  mountPath: /etc/gan-train/tls
  readOnly: true
{{- end }}
