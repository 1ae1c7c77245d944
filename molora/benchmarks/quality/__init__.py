"""Quality through the server: who answers what right, by expert and by way of routing."""
