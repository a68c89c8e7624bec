"""SMS and USSD service for community participation in health."""
