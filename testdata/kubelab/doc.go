// Command kubelab is a real Kubernetes control plane for tests: etcd,
// kube-apiserver, kube-controller-manager, kube-scheduler and simulated nodes
// (KWOK) in one process, built from Go modules alone.
//
//	kubelab up [-dir DIR] [-nodes N] [-node-grace D] [-exit-on-stdin-close]
//	kubelab kubectl ARG...
//
// `up` prints "ready DIR/kubeconfig" on standard output once the API answers, the
// default service account exists and every node is ready; until then it tells its
// steps on standard error. DIR/kubeconfig is an administrator's, and
// DIR/kubeconfig.nobody is that of a user who may do nothing. SIGTERM, SIGINT and,
// with -exit-on-stdin-close, the end of standard input stop it in order. What the
// components have to say is in DIR/kubelab.log and DIR/etcd.log.
//
// # Restarting
//
// A directory is a cluster. `up` on a directory that was used before brings the same
// cluster back: the same data, certificates, tokens and port, so that a client that
// lost its connection finds it again. This holds after `kill -9` too, which is how
// a test takes the API away from under a client and gives it back.
//
// # What is simulated
//
// Nodes and pods have no kubelet and no containers: stages.yaml says how their
// status moves on. Probes, images, container commands and networking do not exist, and
// what a test claims must keep to that. Logs and programs run by exec are answered for,
// through the API server as in life: a program runs on this machine, with the pod's name
// in HOSTNAME. A few names steer the simulation:
//
//   - an image with ":bad" in it cannot be pulled: its pod waits in
//     ImagePullBackOff;
//   - an image with ":crash" in it crashes: its pod waits in CrashLoopBackOff;
//   - an image with ":fail" in it makes the pod of a Job fail rather than complete;
//   - the pod annotations kubelab/ready-after, kubelab/runs-for and
//     kubelab/stops-after ("3s") say how long a pod takes to become ready, how long
//     the pod of a Job runs, and how long a pod takes to stop;
//   - the pod annotations kubelab/logs, kubelab/logs-CONTAINER and
//     kubelab/previous-logs are what containers print, line by line; a line may begin
//     with the time when it was printed. What is added to one is printed then;
//   - the node label kubelab/kubelet=stopped stops the node's kubelet: after the
//     grace of -node-grace the node is NotReady, as are its pods. Removing the label
//     brings it back.
//
// # State of the process
//
// Components of Kubernetes share package-level state: feature gates, klog, metrics
// and the handlers of API warnings. A process therefore holds one cluster, once; a
// second start in the same process is not tried.
package main
