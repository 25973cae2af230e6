export interface ChartValue {
  path: string;
  value: unknown;
  isSection: boolean;
  description?: string;
  values?: string;
  default?: string;
}

export function chartValues(text: string): ChartValue[];
