"""The differential replay: one corpus of requests, played to MLflow and to Millrace, compared.

wire        one HTTP exchange over a plain socket, nothing added, nothing decoded
corpus      the notation of corpus/*.yaml: lines, generators, variables
variants    the mechanical families: every field missing, null, of a wrong type, hostile ...
player      plays a topic to one server
masks       what must differ (times, ids, addresses) and how it is checked instead of compared
sql         SQL on the server's database, of whatever kind that is
unordered   lists whose order is the database's own choice
transcript  the recorded answers of the real server
compare     exchange against exchange, and the list of allowed differences
"""
