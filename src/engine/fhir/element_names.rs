//! The element names of FHIR R4 (4.0.1), so that a path in a refusal or a record is spelled in FHIR's words and
//! never in a sender's own.

use std::sync::LazyLock;

/// Whether FHIR R4 has an element of this name, in some type. `_` before it marks a primitive's sidecar.
pub fn is_element_name(key: &str) -> bool {
    let name = key.strip_prefix('_').unwrap_or(key);
    static IN_ORDER: LazyLock<Vec<&str>> = LazyLock::new(|| NAMES.split_ascii_whitespace().collect());
    IN_ORDER.binary_search(&name).is_ok()
}

/// In order, a space or line break between.
const NAMES: &str = "\
abatementAge abatementDateTime abatementPeriod abatementRange abatementString about accept \
accessionIdentifier accident account achievementStatus action actionId active activity actor actorId \
actual actualArm actuality add additionalInstruction address addresses adjudication \
administrableDoseForm administrationGuidelines admitSource age ageAge ageCodeableConcept ageRange \
agent aggregation alias allDay allergyIntolerance allowed allowedBoolean allowedCodeableConcept \
allowedMoney allowedString allowedUnsignedInt altId alternative amount amountQuantity amountRange \
amountString amountText amountType answer answerBoolean answerCoding answerOption answerValueSet \
appliesTo appointment appointmentType approvalDate areaUnderCurve arm asNeededBoolean \
asNeededCodeableConcept assert asserter assessment assessor asset assignedArm assigner \
associatedMedication assurance attachedDocument attachment attester author authorReference \
authorString authored authoredOn authorisationReferenceNumber authority authorizingPrescription \
autocreate autodelete availabilityExceptions availableEndTime availableStartTime availableTime axis \
backCurve base basedOn basis batch beneficiary benefit billablePeriod binding birthDate bodySite \
boundsDuration boundsPeriod boundsRange brand businessArrangement businessStatus cancelationReason \
capabilities capability careTeam careTeamSequence caseSensitive category channel characteristic \
characteristicCodeableConcept characteristicQuantity cigar citation city claim claimResponse class \
classHistory classification clinicalRecommendationStatement clinicalStatus code codeCodeableConcept \
codeFilter codeSearch coding collectedDateTime collection collector color comment communication \
comorbidity comparator compareToSourceExpression compareToSourceId compareToSourcePath complication \
complicationDetail component compose compositeScoring concept conclusion conclusionCode condition \
confidentiality connectionType consent constraint contact contained containedInstance container \
content contentAttachment contentReference contentString contentType context contract \
contraindication contributedToDeath coordinateSystem copyright cost costToBeneficiary count countMax \
country countryLanguage courseOfTherapyType coverage created createdDateTime creation criteria \
criticality currency custodian cylinder data dataAbsentReason dataPeriod dataRequirement datasetId \
date dateAsserted dateFilter dateRange dateTime dateWritten dayOfWeek daysOfWeek daysSupply \
deceasedBoolean deceasedDateTime defaultValue defaultValueAddress defaultValueAge \
defaultValueAnnotation defaultValueAttachment defaultValueBase64Binary defaultValueBoolean \
defaultValueCanonical defaultValueCode defaultValueCodeableConcept defaultValueCoding \
defaultValueContactDetail defaultValueContactPoint defaultValueContributor defaultValueCount \
defaultValueDataRequirement defaultValueDate defaultValueDateTime defaultValueDecimal \
defaultValueDistance defaultValueDosage defaultValueDuration defaultValueExpression \
defaultValueHumanName defaultValueId defaultValueIdentifier defaultValueInstant defaultValueInteger \
defaultValueMarkdown defaultValueMeta defaultValueMoney defaultValueOid \
defaultValueParameterDefinition defaultValuePeriod defaultValuePositiveInt defaultValueQuantity \
defaultValueRange defaultValueRatio defaultValueReference defaultValueRelatedArtifact \
defaultValueSampledData defaultValueSignature defaultValueString defaultValueTime defaultValueTiming \
defaultValueTriggerDefinition defaultValueUnsignedInt defaultValueUri defaultValueUrl \
defaultValueUsageContext defaultValueUuid definition definitionCanonical definitionCodeableConcept \
deleted denominator dependent dependsOn depth derivedFrom description destination detail detailRange \
details detectedIssue device diagnosis diagnosisCodeableConcept diagnosisSequence diagnostics \
diameter dietPreference dimensions direction dischargeDisposition disclaimer discriminator disease \
dispenseInterval dispenseRequest display disposition district div doNotPerform document documentType \
documentation domain dosage dosageInstruction dose doseAndRate doseForm doseNumberPositiveInt \
doseQuantity doseRange drugCharacteristic dueDate duration durationMax durationUnit during \
dynamicValue education effectiveDate effectiveDateTime effectiveInstant effectivePeriod \
effectiveTime effectiveTiming element emptyReason enableWhen encodeRequestUrl encounter end endpoint \
enrollment enterer entity entityCodeableConcept entry episodeOfCare equivalence error etag event \
eventCoding eventHistory evidence example exception exclude excludeFoodModifier executionPeriod \
expectedSupplyDuration experimental expirationDate expiry exposure exposureAlternative \
exposureBackground expressedBy expression extension externalDiameter eye fScore facility factor \
family field finding fixedAddress fixedAge fixedAnnotation fixedAttachment fixedBase64Binary \
fixedBoolean fixedCanonical fixedCode fixedCodeableConcept fixedCoding fixedContactDetail \
fixedContactPoint fixedContributor fixedCount fixedDataRequirement fixedDate fixedDateTime \
fixedDecimal fixedDistance fixedDosage fixedDuration fixedExpression fixedHumanName fixedId \
fixedIdentifier fixedInstant fixedInteger fixedMarkdown fixedMeta fixedMoney fixedOid \
fixedParameterDefinition fixedPeriod fixedPositiveInt fixedQuantity fixedRange fixedRatio \
fixedReference fixedRelatedArtifact fixedSampledData fixedSignature fixedString fixedTime \
fixedTiming fixedTriggerDefinition fixedUnsignedInt fixedUri fixedUrl fixedUsageContext fixedUuid \
fixture flag focal focus followUp foodPreferenceModifier for form formCode format frames frequency \
frequencyMax frequencyOfOccurrence friendly fullUrl function fundingSource fundsReserve gender \
generalPractitioner given goal group groupIdentifier groupingBehavior gtFP guarantor guidance \
halfLifePeriod hasMember hash header headerField healthcareService height high highLimit hint \
hospitalization human id identifiedDateTime identifier identity ifMatch ifModifiedSince ifNoneExist \
ifNoneMatch image imagingStudy immutable implementation implicated implicitRules imprint \
improvementNotation inResponseTo include index indicationCodeableConcept indicationReference \
individual inforce informationSequence informationSource ingredient initial initialFill initiator \
initiatorActive input instance instantiates instantiatesCanonical instantiatesUri instruction \
insurance insurer intendedRoute intent interpretation investigation isActive isModifier \
isModifierReason isSubpotent isSummary issue issued issuer item itemCodeableConcept itemReference \
jurisdiction key keyword kind kinetics label language lastModified lastReviewDate lastUpdated legal \
legallyBindingAttachment length lensSpecification lethalDose50 library lifecycle lifecycleStatus \
limit line link linkId location locationAddress locationCode locationCodeableConcept \
locationReference lotNumber low lowLimit lowerLimit managingOrganization manifestation manufacturer \
manufacturingBusinessOperation map mapping maritalStatus masterFile masterIdentifier max maxDispense \
maxDosePerAdministration maxDosePerLifetime maxDosePerPeriod maxLength maxValueDate maxValueDateTime \
maxValueDecimal maxValueInstant maxValueInteger maxValuePositiveInt maxValueQuantity maxValueTime \
maxValueUnsignedInt meaning meaningWhenMissing measure media medicationCodeableConcept \
medicationReference medicineClassification medium member meta metadata method min minValueDate \
minValueDateTime minValueDecimal minValueInstant minValueInteger minValuePositiveInt \
minValueQuantity minValueTime minValueUnsignedInt minimumId minutesDuration mitigation modality mode \
modifier modifierExtension moduleUri monitoringProgram monograph multipleBirthBoolean \
multipleBirthInteger mustSupport name namePart navigationLinks net network nominalVolume \
notAvailable note number numberOfRepeatsAllowed numerator nutrient objective observedAllele \
observedSeq observer occurredDateTime occurredPeriod occurrenceDateTime occurrencePeriod \
occurrenceTiming offer offset offsetDuration onBehalfOf onHold onsetAge onsetDateTime onsetPeriod \
onsetRange onsetString operation operationType operator oralDiet order orderDetail orderMeaning \
orderable ordered orderedBy orderer organization orientation origin originalPrescription other \
outcome outcomeCode outcomeCodeableConcept outcomeDesc outcomeReference output outputParameters \
overbooked owner packageCode packaging parameter params parent part partOf participant \
participantStatus participantType participatingOrganization party path patient \
patientCharacteristics patientInstruction patternAddress patternAge patternAnnotation \
patternAttachment patternBase64Binary patternBoolean patternCanonical patternCode \
patternCodeableConcept patternCoding patternContactDetail patternContactPoint patternContributor \
patternCount patternDataRequirement patternDate patternDateTime patternDecimal patternDistance \
patternDosage patternDuration patternExpression patternHumanName patternId patternIdentifier \
patternInstant patternInteger patternMarkdown patternMeta patternMoney patternOid \
patternParameterDefinition patternPeriod patternPositiveInt patternQuantity patternRange \
patternRatio patternReference patternRelatedArtifact patternSampledData patternSignature \
patternString patternTime patternTiming patternTriggerDefinition patternUnsignedInt patternUri \
patternUrl patternUsageContext patternUuid pause payee payload payloadMimeType payloadType payment \
paymentDate paymentStatus payor performedDateTime performedPeriod performer performerType period \
periodMax periodUnit phase photo physicalType physiologicalCondition planningHorizon points policy \
policyHolder policyRule population postConditions postalCode power practiceSetting practitioner \
preAdmissionIdentifier preAuthRef preConditions precedence precision prediction preferred prefix \
preparationInstruction prescriber prescription presentation presentationDate presentedForm \
primaryPurposeType primarySource principalInvestigator priorPrescription priorRequest priority prism \
probabilityDecimal problem procedure procedureCodeableConcept process processNote product \
productClassification productCodeableConcept productName productOrService productReference \
productType profile programCode programEligibility progress property protocol protocolApplied \
provider provision publicationDate publisher purpose purposeOfEvent purposeOfUse qualification \
quality quantity quantityQuantity quantityRange quantityRatio query queryFP question questionnaire \
race rank rateQuantity rateRange rateRatio rationale reAdmission reaction readCoverage readOnly \
readsetId reason reasonCode reasonReference reasonStopped recall received receivedTime receiver \
recipient recorded recordedDate recorder reference referenceAllele referenceRange referenceSeq \
referenceSeqId referenceSeqString referencedItem regulator regulatory regulatoryAuthority related \
relatedAction relatedArtifact relatedMedicationKnowledge relatesTo relation relationship \
relevantHistory repeat repeats repetitions replaces report reportedBoolean reportedReference \
reporter repository representation request requestHeader requestId requestIdentifier requestMethod \
requestProvider requestURL requestedPeriod requester requestor required requirements requisition \
resource resourceId resourceType response responseCode responseId responsible responsibleParty \
restoreDate restriction result resultsInterpreter revenue role route routeOfAdministration rule \
rules schedule scheduledPeriod scheduledString scheduledTiming scope score scoring search \
searchParam section security securityContext securityLabel selectionBehavior sender sent sequence \
series seriousness serviceCategory servicePeriod serviceProvider serviceType servicedDate setup \
severity sex shape short sigFormat signature signer site size sliceIsConstraining sliceName slicing \
slot software sort source sourceAttachment sourceCanonical sourceId sourceReference sourceUri \
sourceVersion specialArrangement specialCourtesy specialPrecautionsForStorage specialty \
specifiedSubstance specimen sphere sponsor stage standardSequence start startDate state status \
statusDate statusHistory statusReason statusReasonCodeableConcept statusReasonReference step strand \
stratifier stratum strength study subDetail subSite subType subject subjectCodeableConcept \
subjectReference subjectResults subjectType subpotentReason subscriber subscriberId substance \
substanceReference substitution subtype suffix summary supplement supplementalData suppliedItem \
supplier supportingInfo supportingInformation suspectEntity symptomConditionEffect synonym system \
tag target targetCanonical targetDisease targetFormat targetId targetIdentifier targetProfile \
targetReference targetUri targetVersion teardown telecom term test text textEquivalent time \
timeOfDay timestamp timing timingDate timingDateTime timingPeriod timingReference timingTiming title \
topic total totalGross totalNet trigger truthFN truthTP type udi unit unitOfPresentation unitPrice \
unmapped upperLimit uri url usage use useContext usedCode usedReference userSelected vaccineCode \
validateProfileId validated validityPeriod value valueAddress valueAge valueAnnotation \
valueAttachment valueBase64Binary valueBoolean valueCanonical valueCode valueCodeableConcept \
valueCoding valueContactDetail valueContactPoint valueContributor valueCount valueDataRequirement \
valueDate valueDateTime valueDecimal valueDistance valueDosage valueDuration valueExpression \
valueHumanName valueId valueIdentifier valueInstant valueInteger valueMarkdown valueMeta valueMoney \
valueOid valueParameterDefinition valuePeriod valuePositiveInt valueQuantity valueRange valueRatio \
valueReference valueRelatedArtifact valueSampledData valueSet valueSignature valueString valueTime \
valueTiming valueTriggerDefinition valueUnsignedInt valueUri valueUrl valueUsageContext valueUuid \
valuedItem variable variant variantPointer verification verificationDate verificationStatus verified \
verifiedWith version versionId versioning view warningOnly wasSubstituted weight what when \
whenHandedOver whenPrepared whenRange who width windowEnd windowStart xpath";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_names_are_known_and_others_are_not() {
        for name in ["birthDate", "_birthDate", "valueQuantity", "resourceType"] {
            assert!(is_element_name(name), "{name}");
        }
        for name in ["", "_", "janeDoe", "Jane Doe", "birth date", "birthDate name"] {
            assert!(!is_element_name(name), "{name}");
        }
        assert!(NAMES.split_ascii_whitespace().is_sorted(), "they are looked up by their order");
    }
}
