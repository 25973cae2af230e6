{{- /* What a schema can't say: all of it at once. */}}
{{- define "gan-train.problems" -}}
{{- $values := .Values }}
{{- $problems := list }}
{{- $fullname := include "gan-train.fullname" . }}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $fullname) }}
{{- $problems = append $problems (printf "the names of objects would begin with %s, but those of Services begin with a letter and hold nothing but a-z, 0-9 and -: set fullnameOverride" $fullname) }}
{{- end }}
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
{{- if le (int $values.tls.auto.caDays) (int $values.tls.auto.certificateDays) }}
{{- $problems = append $problems "tls.auto.caDays must be greater than tls.auto.certificateDays: no certificate outlives its CA" }}
{{- end }}
{{- $certManager := $values.tls.certManager }}
{{- if and (eq $values.tls.mode "certManager") $certManager.duration $certManager.renewBefore }}
{{- /* Seconds, as dates: there is no other way to read a duration. */}}
{{- $start := toDate "2006" "2000" }}
{{- $duration := dateModify $certManager.duration $start | unixEpoch | int64 }}
{{- $renewBefore := dateModify $certManager.renewBefore $start | unixEpoch | int64 }}
{{- if ge $renewBefore $duration }}
{{- $problems = append $problems "tls.certManager.renewBefore must be less than tls.certManager.duration" }}
{{- end }}
{{- end }}
{{- if and (eq $values.dataset.type "pvc") (not $values.dataset.pvc.claimName) }}
{{- $problems = append $problems "dataset.pvc.claimName is empty: dataset.type pvc needs the name of a claim" }}
{{- end }}
{{- if and $values.persistence.existingClaim (not $values.persistence.enabled) }}
{{- $problems = append $problems "persistence.existingClaim names a claim, and persistence.enabled is false: leave one of them out" }}
{{- end }}
{{- with $values.coordinator.serviceAccount }}
{{- if and $values.rbac.create (not .create) (not .name) }}
{{- $problems = append $problems "coordinator.serviceAccount.name is empty: without coordinator.serviceAccount.create, rbac.create would give the coordinator's rights to all pods of the account default" }}
{{- end }}
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
