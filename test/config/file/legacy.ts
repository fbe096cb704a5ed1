const gunicorn = (name: string): string => `
    "${name}": {
      "enabled": true,   // comment
      "service_name": "${name}.service",
      "min_workers": 1, "max_workers": 10,
      "current_workers": 3,
      "cpu_thresholds": { "scale_up_2": 60, "scale_up_3": 70, "scale_down_2": 40, "scale_down_1": 30 },
      "cpu_duration_minutes": { "scale_up": 2, "scale_down": 10 },
      "memory_threshold_mb": 1000,
      "socket_path": "/run/${name}.sock", "working_dir": "/srv/${name}", "venv_path": "/srv/${name}/venv",
      "wsgi_module": "${name}.wsgi", "extra_args": "-t 300",
    },`;

/** The form of config that was in use before this program: six projects, comments, trailing commas, old keys. */
export const LEGACY = `{
  "projects": {${['backregisters', 'backdipro', 'backglobal', 'backbce', 'backcore'].map(gunicorn).join('')}
    "celerycore": {
      "enabled": true,
      "service_name": "celerycore.service", "min_workers": 2, "max_workers": 12,
      "queue_thresholds": { "scale_up_4": 10, "scale_up_6": 20, "scale_up_12": 50, "scale_down_4": 5, "scale_down_2": 2 },
      "queue_duration_minutes": { "scale_up": 2, "scale_down": 10 },
      "redis_url": "redis://localhost:6379/0", "working_dir": "/srv", "venv_path": "/srv/venv"
    }
  },
  "global": { "check_interval_seconds": 120, "log_file": "/var/log/autoscaler.log", "state_file": "/tmp/autoscaler_state.json" }
}
`;
