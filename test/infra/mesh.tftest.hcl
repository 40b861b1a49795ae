# The default mesh, Azure mocked. Every run works on one state, as one project's runs do. terraform.test.ts reads the
# plans: what an assertion can see is a plan's result, not what the plan would do.
mock_provider "azurerm" {}

run "made" {
  state_key = "mesh"

  assert {
    condition     = azurerm_resource_group.mesh.name == "rg-istiodemo-centralus" && azurerm_resource_group.mesh.location == "centralus"
    error_message = "the resource group is not the walk-through's"
  }
  assert {
    condition = alltrue([
      for cluster in [azurerm_kubernetes_cluster.aks-istiodemo-main-centralus, azurerm_kubernetes_cluster.aks-istiodemo-remote0-centralus] :
      cluster.resource_group_name == azurerm_resource_group.mesh.name && cluster.location == "centralus"
    ])
    error_message = "a cluster is not in the mesh's group and region"
  }
  assert {
    condition = alltrue([
      for cluster in [azurerm_kubernetes_cluster.aks-istiodemo-main-centralus, azurerm_kubernetes_cluster.aks-istiodemo-remote0-centralus] :
      cluster.default_node_pool[0].node_count == 3 && cluster.default_node_pool[0].min_count == 1 && cluster.default_node_pool[0].max_count == 3 && cluster.default_node_pool[0].auto_scaling_enabled
    ])
    error_message = "a cluster does not begin with three nodes, autoscaled within 1 to 3"
  }
  assert {
    condition = alltrue([
      for cluster in [azurerm_kubernetes_cluster.aks-istiodemo-main-centralus, azurerm_kubernetes_cluster.aks-istiodemo-remote0-centralus] :
      cluster.kubernetes_version == "1.36" && cluster.default_node_pool[0].orchestrator_version == "1.36" && cluster.automatic_upgrade_channel == null
    ])
    error_message = "a cluster's Kubernetes version is not pinned"
  }
  assert {
    condition = alltrue([
      for cluster in [azurerm_kubernetes_cluster.aks-istiodemo-main-centralus, azurerm_kubernetes_cluster.aks-istiodemo-remote0-centralus] :
      cluster.identity[0].type == "SystemAssigned" && length(cluster.linux_profile) == 0
    ])
    error_message = "a cluster has another identity, or an SSH key"
  }
  assert {
    condition = alltrue([
      for cluster in [azurerm_kubernetes_cluster.aks-istiodemo-main-centralus, azurerm_kubernetes_cluster.aks-istiodemo-remote0-centralus] :
      cluster.network_profile[0].network_plugin == "azure" && cluster.network_profile[0].network_plugin_mode == "overlay" && cluster.network_profile[0].load_balancer_sku == "standard"
    ])
    error_message = "a cluster is not on Azure CNI overlay with a Standard load balancer"
  }
  assert {
    condition     = keys(output.clusters) == ["main0", "remote0"] && output.clusters.remote0.context == "aks-istiodemo-remote0-centralus"
    error_message = "the clusters are not told by their names in the mesh"
  }
  assert {
    condition     = issensitive(output.kubeconfigs) && keys(nonsensitive(output.kubeconfigs)) == ["main0", "remote0"]
    error_message = "the kubeconfigs are not told, or not kept from the terminal"
  }
}

run "planned_again" {
  state_key = "mesh"
  command   = plan
}

# The autoscaler takes a node away from each cluster: only the state knows, as after a refresh.
run "autoscaled" {
  state_key = "mesh"
  module {
    source = "./autoscaled"
  }
}

run "planned_after_autoscaling" {
  state_key = "mesh"
  command   = plan
}

# The same without ignore_changes, to see that the test would notice.
run "planned_without_ignore_changes" {
  state_key = "mesh"
  command   = plan
  module {
    source = "./without-ignore-changes"
  }
}

run "planned_with_one_more_cluster" {
  state_key = "mesh"
  command   = plan
  module {
    source = "./one-more-cluster"
  }
}
