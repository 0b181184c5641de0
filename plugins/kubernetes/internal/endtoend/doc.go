// Package endtoend tests the plugin as an operator meets it: the real gatebook, the real
// plugin and a real control plane (kubelab), each a process of its own. What is typed and
// what must come back are the scripts of testdata/script, which a new one joins by being
// there. Those of testdata/alone have a cluster of their own each, to kill it or because
// they are about the whole of it. Those named after a runbook are its regression suite.
//
// In a script, kubectl is the administrator's and works in a namespace that is the
// script's alone, as does the connection that $KUBECONFIG names; $NODE, where a script says
// it, is a node that only pods of the script are put on. Beside the commands of
// cmd/gatebook/script there are apply FILE (kubectl apply, with the script's variables put
// in), plugins N (waits until N processes of the plugin run, on Linux) and, for a cluster of the
// script's own, cluster kill and cluster up.
//
// It holds tests only.
package endtoend
