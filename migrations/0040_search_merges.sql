-- What the middles of texts are found by is merged a little at a time, beside those who write, instead of by whoever writes then. As
-- long as nobody does that, as in the commands of the server, a write merges what has become too many parts.
/*sqlite INSERT INTO client_search_trigrams (client_search_trigrams, rank) VALUES ('automerge', 0);
INSERT INTO client_search_trigrams (client_search_trigrams, rank) VALUES ('crisismerge', 200);*/
