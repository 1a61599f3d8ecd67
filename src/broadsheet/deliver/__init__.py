"""What leaves for people: digests, composed, printed and sent by mail or webhook."""
