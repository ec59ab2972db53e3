from hypothesis import HealthCheck, settings

# A deadline measures the machine, not the code, and two workers share two cores here.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("calm")
