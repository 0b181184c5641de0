// Command gatebook-plugin-kubernetes serves gatebook's actions for Kubernetes.
package main

import "github.com/gatebook/gatebook/plugins/sdk/serve"

func main() { serve.Main(kubernetes()) }
