extension RouteTable {
    /// Every face's routes.
    static let service = RouteTable(
        StatusRoutes.all + TEIRoutes.all + HubRoutes.all + OpenAIRoutes.all + InfinityRoutes.all + CohereRoutes.all
            + KServeRoutes.all + DocumentationRoutes.all
    )
}
