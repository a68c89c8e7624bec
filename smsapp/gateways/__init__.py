"""One module per gateway; each speaks one provider's dialect."""
