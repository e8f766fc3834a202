extension RouteTable {
    /// Every face's routes. Of those that share the root, whose bodies say more stand first.
    static let service = RouteTable(
        StatusRoutes.all + TaskRoutes.all + TEIRoutes.all + HubRoutes.all + OpenAIRoutes.all + InfinityRoutes.all
            + CohereRoutes.all + KServeRoutes.all + DocumentationRoutes.all
    )
}
