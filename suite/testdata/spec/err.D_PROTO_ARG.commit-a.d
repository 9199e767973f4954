BEGIN { commit("a"); exit(0); }
