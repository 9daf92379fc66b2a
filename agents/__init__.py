"""Five specialists, each as data with its playbook."""
