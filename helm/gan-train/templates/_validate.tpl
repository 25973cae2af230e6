{{- /* What a schema can't say: all of it at once. */}}
{{- define "gan-train.problems" -}}
{{- $values := .Values }}
{{- $problems := list }}
{{- if eq $values.tls.mode "secret" }}
{{- range $role, $name := $values.tls.secrets }}
{{- if not $name }}
{{- $problems = append $problems (printf "tls.secrets.%s is empty: tls.mode secret needs the name of a secret" $role) }}
{{- end }}
{{- end }}
{{- end }}
{{- if ge (int $values.tls.auto.renewBeforeDays) (int $values.tls.auto.certificateDays) }}
{{- $problems = append $problems "tls.auto.renewBeforeDays must be less than tls.auto.certificateDays" }}
{{- end }}
{{- if and (eq $values.dataset.type "pvc") (not $values.dataset.pvc.claimName) }}
{{- $problems = append $problems "dataset.pvc.claimName is empty: dataset.type pvc needs the name of a claim" }}
{{- end }}
{{- if eq $values.dataset.type "coordinator" }}
{{- if not $values.persistence.enabled }}
{{- $problems = append $problems "dataset.type coordinator needs persistence.enabled: its images are on the volume of the run" }}
{{- end }}
{{- if eq $values.dataset.coordinator.folder $values.runName }}
{{- $problems = append $problems "dataset.coordinator.folder and runName are the same folder" }}
{{- end }}
{{- end }}
{{- $minTrainers := int ($values.config.minTrainers | default 1) }}
{{- if and $values.trainer.replicas (gt $minTrainers (int $values.trainer.replicas)) }}
{{- $problems = append $problems (printf "config.minTrainers is %d and would never be reached with trainer.replicas %d" $minTrainers (int $values.trainer.replicas)) }}
{{- end }}
{{- if and $values.config.steps $values.config.epochs }}
{{- $problems = append $problems "config.steps and config.epochs exclude each other: give one of them" }}
{{- end }}
{{- if and $values.ingress.enabled (not $values.ingress.hosts) }}
{{- $problems = append $problems "ingress.hosts is empty: ingress.enabled needs one at least" }}
{{- end }}
{{- if and $values.monitoring.podMonitor.enabled $values.monitoring.serviceMonitor.enabled }}
{{- $problems = append $problems "monitoring.podMonitor and monitoring.serviceMonitor would scrape everything twice: enable one" }}
{{- end }}
{{- $problems | join "\n  - " }}
{{- end }}

{{- define "gan-train.validate" -}}
{{- with include "gan-train.problems" . }}
{{- fail (printf "\n  - %s" .) }}
{{- end }}
{{- end }}
