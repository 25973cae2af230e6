{{- /* At most 40 characters: names of StatefulSets with what is added to them go into labels. Dots are for releases, and not for Services. */}}
{{- define "gan-train.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $ofRelease := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $ofRelease .Values.fullnameOverride | replace "." "-" | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* Of (dict "root" $ "component" NAME); without a component: of all pods. They never change. */}}
{{- define "gan-train.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- /* Labels of an object, with `more` of its own. The user's win, but never over those of selectors. */}}
{{- define "gan-train.labels" -}}
{{- $selector := include "gan-train.selectorLabels" . | fromYaml }}
{{- $chart := printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- $own := dict "helm.sh/chart" $chart "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/part-of" "gan-train" "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- merge $selector (.more | default dict) (.root.Values.commonLabels | default dict) $own | toYaml }}
{{- end }}

{{- /* Labels of a pod: none that changes with the chart's version, which would restart it. */}}
{{- define "gan-train.podLabels" -}}
{{- $selector := include "gan-train.selectorLabels" . | fromYaml }}
{{- $own := dict "app.kubernetes.io/part-of" "gan-train" }}
{{- merge $selector (.values.podLabels | default dict) (.root.Values.commonLabels | default dict) $own | toYaml }}
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
