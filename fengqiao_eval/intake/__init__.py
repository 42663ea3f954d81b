"""From a folder of office files to a params file that a person sees before anything is run."""
