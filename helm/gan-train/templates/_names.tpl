{{- /* At most 40 characters: names of StatefulSets with what is added to them go into labels. */}}
{{- define "gan-train.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* Of (dict "root" $ "component" NAME); without a component: of all pods. They never change. */}}
{{- define "gan-train.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- /* Labels of an object. */}}
{{- define "gan-train.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "gan-train.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: gan-train
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Labels of a pod: none that changes with the chart's version, which would restart it. */}}
{{- define "gan-train.podLabels" -}}
{{ include "gan-train.selectorLabels" . }}
app.kubernetes.io/part-of: gan-train
{{- with merge (dict) (.values.podLabels | default dict) .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "gan-train.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount }}
{{- if $account.create }}
{{- default (printf "%s-%s" (include "gan-train.fullname" .root) .component) $account.name }}
{{- else }}
{{- default "default" $account.name }}
{{- end }}
{{- end }}

{{- define "gan-train.image" -}}
{{- $image := (index .root.Values .component).image }}
{{- $name := list .root.Values.image.registry $image.repository | compact | join "/" }}
{{- if $image.digest }}
{{- printf "%s@%s" $name $image.digest }}
{{- else if $image.tag }}
{{- printf "%s:%s" $name $image.tag }}
{{- else }}
{{- $isGpu := and (eq .component "trainer") .root.Values.trainer.gpu.enabled }}
{{- printf "%s:%s%s" $name (default .root.Chart.AppVersion .root.Values.image.tag) (ternary .root.Values.trainer.gpu.tagSuffix "" $isGpu) }}
{{- end }}
{{- end }}

{{- define "gan-train.runClaim" -}}
{{- default (printf "%s-run" (include "gan-train.fullname" .)) .Values.persistence.existingClaim }}
{{- end }}

{{- /* The secret of a role: coordinator, trainer or operator. */}}
{{- define "gan-train.tlsSecret" -}}
{{- if eq .root.Values.tls.mode "secret" }}
{{- index .root.Values.tls.secrets .role }}
{{- else }}
{{- printf "%s-%s-tls" (include "gan-train.fullname" .root) .role }}
{{- end }}
{{- end }}
